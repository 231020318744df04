"""The models that the flow compares. Functions that need scikit-learn import it, so that other tasks need not wait."""

import numpy

MODELS = ("logistic", "forest")
_SETTINGS = {"logistic": {"logisticregression__C": [0.1, 1, 10]}, "forest": {"n_estimators": [50, 100]}}


def samples():
    """Returns the measurements, one row per wine, and the grower of each."""
    from sklearn.datasets import load_wine

    wine = load_wine()
    return wine.data, wine.target


def folds_of(target, folds):
    """Returns the row indices of each fold."""
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(folds, shuffle=True, random_state=0)
    return [test.tolist() for _, test in splitter.split(numpy.zeros(len(target)), target)]


def accuracy(name, data, target, fold):
    """Returns the accuracy on the fold of a model that was trained on the rest."""
    rest = numpy.setdiff1d(numpy.arange(len(target)), fold)
    model = _model(name).fit(data[rest], target[rest])
    return float(model.score(data[fold], target[fold]))


def tuned(name, data, target, folds):
    """Returns the best settings of a model, and its accuracy with them."""
    from sklearn.model_selection import GridSearchCV

    search = GridSearchCV(_model(name), _SETTINGS[name], cv=folds).fit(data, target)
    return search.best_params_, float(search.best_score_)


def _model(name):
    if name == "forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(n_estimators=30, random_state=0)
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
